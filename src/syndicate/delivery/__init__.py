"""Send issues to subscribers: plan, dispatch, account for every delivery."""
