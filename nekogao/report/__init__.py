"""From a run folder to one page that can be sent to a friend."""
