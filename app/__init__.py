"""The frame of the workbench: what knows Streamlit and is shared by pages."""
