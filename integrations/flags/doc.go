// Package flags hears of feature flags that were changed.
//
// It answers: which flag was switched, in which environment, by whom and when? LaunchDarkly tells by its signed webhooks; flagd and
// OpenFeature providers by the configuration-change events that they emit, which a small forwarder posts with a token.
//
// It never reads or sets a flag, and keeps no values of flags: names, environments, people and whether it was turned on or off are all.
//
// It is blind to a change of which the vendor names no flag, and to how much traffic a flag steers.
package flags
