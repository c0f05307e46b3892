"""
The services that carry SMS: one contract, and one service that writes files for whatever the operator has.

Adding one is a class that has ``contract.Service``'s method, and its line in ``registry``.
"""
