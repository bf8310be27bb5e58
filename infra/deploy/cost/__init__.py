"""What a deployment costs on AWS: by the month when nothing runs, and for each job. Pure.

prices.py     what AWS asks for a unit
item.py       so many units of something, and their sum
standing.py   what a stack costs when nothing runs, from its template
job.py        what jobs of a type cost
workers.py    what they cost in a function, and in workers on Fargate
estimate.py   all of it for one deployment and one load
tables.py     the figures of docs/cost.md, against which a test holds that page

List prices, nothing deducted: an account's free allowances are shared with all else that runs in it. Not in it is what
jobs themselves call and store, and traffic to the internet.
"""
