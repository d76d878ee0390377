"""The odds providers beside recorded games: modelled prices, in the providers' own documents."""
