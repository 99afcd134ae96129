"""Ways to sign in: a code on another device, or the browser and its way back."""
