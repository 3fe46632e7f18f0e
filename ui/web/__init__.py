"""The web chat: ``ui.web.server.serve``. Importing this package doesn't import Gradio."""
