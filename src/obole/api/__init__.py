"""The machines' door: the banks' notifications and the health of the service."""
