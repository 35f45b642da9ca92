// Package parity tells in what the same service differs between two environments.
//
// The question: before what runs in staging is promoted, or while production is in trouble: do both run the same versions, and
// do they behave alike? Three things are compared.
//
//	versions   for each label that names a version (of the service, a prompt, the model that answers): which of them had a
//	           hundredth of the requests and ten of them within the last hour, here and there
//	presence   a signal that has samples within the last hour in one environment only: it cannot be trusted in the other
//	behaviour  each signal of the last day by the tests of package compare, in either direction; a difference below 5 % does not
//	           matter
//
// It never says which side is right, and wakes nobody unless it is told to: its findings are news. It is blind, with the reason,
// where one side has too little to compare, and to what differs in traffic only: other users ask other things. It costs one look
// at an hour of points of each sliced series, and at a day of the whole ones.
//
//	detectors:
//	  parity:
//	    - service: support-assistant
//	      environments: [staging, production]
//	      versions: [prompt_version, gen_ai_response_model]
//	      requests: requests
//	      signals: [refusal_ratio, latency_p95]
package parity
