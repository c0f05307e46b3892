"""What the families of screens share: pages, lists, badges, timelines, plots and plain forms."""
