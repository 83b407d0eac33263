"""The fixture's world without a server: policies and reward models trained from a simulated crowd's
judgments, and measured by the true utility that the crowd only hears through noise."""
