"""The dashboard: a page at /jobs that shows and moves jobs through the HTTP API, with the token that it is given.

Plain HTML, CSS and JavaScript modules, served as they lie here: nothing is built, and nothing is loaded from elsewhere.
The page holds no data and needs no token; what it shows comes from the API's own routes, so that it can see and do no
more than its bearer.
"""
