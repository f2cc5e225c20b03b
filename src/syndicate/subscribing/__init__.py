"""What people who subscribe see and get: pages to subscribe, choose and leave, and two letters."""
