// Package alertmanager hears of alerts from a Prometheus Alertmanager.
//
// It answers: which alerts of our services fire, how badly, since when, and which went quiet? Each alert is a finding of its own;
// what belongs together is judged where all findings are.
//
// It never decides who hears of an alert, and never silences one. Alertmanager does not sign: who sends is known by a token.
//
// It is blind to an Alertmanager that cannot reach us: an alert that it could not tell of as resolved goes on firing here until it
// tells so. Alerts that were cut off from a notification (max_alerts) are counted in the evidence of the others, not seen.
package alertmanager
