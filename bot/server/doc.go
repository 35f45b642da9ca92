// Package server is the HTTP face: webhooks in, the API, health, metrics, and one readable page per incident.
//
// It answers requests and decides nothing. A webhook is verified over its raw bytes before anything is parsed, put into the
// durable inbox, and answered; the work goes on behind. Reading asks ports; deciding hands on to the engine. Without a token
// it serves its API and pages to loopback only, and checks that the request was really meant for a loopback name.
//
// It never keeps state of its own, never renders text from outside as mark-up, and its pages carry no inline script or style.
package server
