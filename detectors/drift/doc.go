// Package drift tells when a vendor's model changed under us.
//
// The question: does another model answer than the one that has been answering, although we still ask for the same? A name such
// as "gpt-5" is an alias: the vendor moves it to another snapshot when it likes, and the behaviour changes with no merge of
// ours. The metrics tell, when they carry both what was requested and what answered (OpenTelemetry: gen_ai_request_model and
// gen_ai_response_model, or a label with a fingerprint of the system).
//
// For each requested model, an answer fires that has at least ten requests and a hundredth of the traffic within the last hour,
// and was never seen in the week before. It fires until it is a day old: by then it is what is normal. Its onset is the step in
// which it was first seen, and the one before. Of several new ones the newest is told.
//
// It never judges whether the new model is better: a finding of this kind is a change, of kind vendor, which competes with our
// own merges for being the cause of what other detectors find. It is blind until it has seen a day, and to a model that changes
// under the same name and fingerprint: for that, canaries and shifts must look at behaviour. It costs two looks at a week of
// points, in steps of an hour, for each series.
//
//	detectors:
//	  drift:
//	    - service: support-assistant
//	      requests: requests
//	      requested: gen_ai_request_model
//	      answered: gen_ai_response_model
package drift
