"""The deployment of serverless.yml to an emulator of AWS on this machine, by the same osls that deploys to AWS.

    background.py   a server in the background, which is told from any other process by a lock that it holds
    ministack.py    MiniStack: no Docker, no account; installed once, into an environment of its own
    localstack.py   LocalStack, where there are Docker and a token
    emulator.py     which of the two, and what differs between them
    service.py      serverless.yml: packaged, deployed, removed
    stack.py        what the emulator says of the stack: its state, its outputs, its secret
    deployment.py   all of it in order: up, down, at any moment again

What a command leaves behind when it is killed is what the next one goes on with: nothing is believed that is not looked
at, and the locks are the kernel's, which go with their processes.
"""
