import ArgumentParser

@main struct Tributary: ParsableCommand {}
