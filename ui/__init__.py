"""The ways in: the ``byline`` command (``ui.cli``) and the web chat (``ui.web``)."""
