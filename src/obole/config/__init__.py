"""Settings, URLs, WSGI: the only room that knows all the others."""
