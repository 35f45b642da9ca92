// Package results reads what evaluation tools write.
//
// The question: which measures, of how many samples and how sure, does a file hold? Known are promptfoo, OpenAI evals, lm-eval,
// DeepEval, JUnit XML, and a plain form of our own; which one a file is, its content tells.
//
//	promptfoo     pass_rate; score, latency (seconds), cost and the named scores as means
//	OpenAI evals  accuracy of the samples that were matched; the numbers of the final report
//	lm-eval       TASK/METRIC with its standard error and number of samples
//	DeepEval      pass_rate; METRIC as the mean score, METRIC/pass as the share that passed
//	JUnit         tests: the share that passed of those that ran; SUITE the same where there are several
//	plain         {"metrics": {"accuracy": 0.93, "safe": {"passed": 990, "total": 1000}, "ttft": {"value": 0.4, "samples": 200, "error": 0.01}}}
//
// It keeps numbers and their names only: no prompt, answer or message of an evaluation is taken over. It reads no files and asks
// no network. What it does not know it refuses, with what it knows.
package results
