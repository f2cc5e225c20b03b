"""What people who subscribe see, do and get: pages to subscribe, choose and leave, and letters."""
