// A program that measures itself by OpenTelemetry's SDK for JavaScript, which its environment configures, as any program.
//
// `node instrumented.js protobuf SCOPE ROUNDS` goes through the rounds of one life (tests/peers/instrumented.py). After
// each export it prints the outcome and the time of the points. It ends as if it was killed, without a last export.
import { setTimeout as pause } from 'node:timers/promises';
import { detectResources, envDetector } from '@opentelemetry/resources';
import { AggregationType, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';

// Points of two exports lie further apart than the millisecond to which Muster stores times.
const APART_MS = 20;
const [encoding, scope, rounds] = process.argv.slice(2);
const { bounds, plan } = JSON.parse(rounds);
const packages = {
  protobuf: '@opentelemetry/exporter-metrics-otlp-proto',
  json: '@opentelemetry/exporter-metrics-otlp-http',
};
const { OTLPMetricExporter } = await import(packages[encoding]);

class ReportingExporter extends OTLPMetricExporter {
  export(metrics, done) {
    const points = metrics.scopeMetrics.flatMap((each) => each.metrics).flatMap((each) => each.dataPoints);
    const times = new Set(points.map(({ endTime: [s, ns] }) => BigInt(s) * 1_000_000_000n + BigInt(ns)));
    super.export(metrics, (result) => {
      const outcome = result.code === 0 ? 'SUCCESS' : String(result.error);
      console.log(`{"result": ${JSON.stringify(outcome)}, "times_ns": [${[...times].join(', ')}]}`);
      done(result);
    });
  }
}

// Exports when it is told to, and at no other time.
const reader = new PeriodicExportingMetricReader({
  exporter: new ReportingExporter(),
  exportIntervalMillis: 2 ** 31 - 1,
});
const provider = new MeterProvider({
  resource: detectResources({ detectors: [envDetector] }),
  readers: [reader],
  views: [{ instrumentName: 'size', aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } }],
});
const meter = provider.getMeter(scope);
let current;
const requests = meter.createCounter('requests');
const inFlight = meter.createUpDownCounter('in_flight');
const temperature = meter.createGauge('temperature');
const waits = meter.createHistogram('wait', { advice: { explicitBucketBoundaries: bounds } });
const sizes = meter.createHistogram('size');
meter.createObservableCounter('read').addCallback((result) => result.observe(current.read));
meter.createObservableUpDownCounter('open_files').addCallback((result) => result.observe(current.open));
meter
  .createObservableGauge('newest_temperature')
  .addCallback((result) => result.observe(current.temperature));

for (current of plan) {
  requests.add(current.requests, { gpu: 3, 'is.shared': true });
  inFlight.add(current.in_flight);
  temperature.record(current.temperature);
  for (const wait of current.waits) waits.record(wait);
  for (const size of current.sizes) sizes.record(size);
  await provider.forceFlush();
  await pause(APART_MS);
}
process.kill(process.pid, 'SIGKILL');
