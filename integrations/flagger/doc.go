// Package flagger hears of canaries from Flagger's event webhooks.
//
// It answers: which canary began, how much traffic does it serve, was it promoted or rolled back? The gates that Flagger asks are
// not here: they are questions, and this only listens.
//
// It never acts on a canary. Flagger does not sign: who sends is known by a token in the webhook's address.
//
// It is blind to what Flagger does not tell: which image, whose change.
package flagger
