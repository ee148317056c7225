"""What belongs to a team: saved searches, company lists, datasets, credits, requests, e-mail preferences."""
