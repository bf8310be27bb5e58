"""What a deployment will create, change, replace and remove, said before anything is touched.

CloudFormation's own change sets are not used for it. One can be made only of a template that lies in the deployment's
bucket already, and for a new stack it leaves an empty one behind; since the zips have a new place at each deployment,
all functions would look changed. Two templates, read and compared here, do without a write, and give the same plan on
AWS and on an emulator. The price: what resources of other types than ours do at a change is not known, and told as
such. What was changed by hand, past CloudFormation, is not seen, as it is not by a change set.

template.py     a template as its resources come out: conditions decided, parameters filled in
kinds.py        which properties make CloudFormation replace a resource, and what is lost with it
differences.py  two values, compared property by property
plan.py         two stacks, compared resource by resource
guard.py        what of a plan must not happen without being asked for by name
All of it is pure.
"""
