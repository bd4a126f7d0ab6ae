"""The Streamlit editor: a thin window on `lass.edit`."""
