"""The pages in a real browser, served by a real ``bothways up`` between two stand-ins for HubSpot."""
