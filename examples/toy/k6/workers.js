// Background jobs: create one, ask until it is done, and measure what a caller waits in all.
import http from 'k6/http';
import { check, sleep } from 'k6';
import { Counter, Trend } from 'k6/metrics';

const BASE_URL = __ENV.BASE_URL || 'http://127.0.0.1:5000';
const POLL_S = 0.05;
const PATIENCE_MS = 5000;

const jobDuration = new Trend('job_duration', true);
const jobsCreated = new Counter('jobs_created');

export const options = {
  scenarios: {
    workers: {
      executor: 'constant-arrival-rate',
      rate: Number(__ENV.RATE || 5),
      timeUnit: '1s',
      duration: __ENV.DURATION || '10s',
      preAllocatedVUs: 10,
      maxVUs: 100,
    },
  },
  thresholds: {
    http_req_failed: ['rate<0.01'],
    job_duration: ['p(95)<1000'],
    jobs_created: ['count>0'],
    checks: ['rate>0.99'],
  },
};

export default function () {
  const start = Date.now();
  const created = http.post(`${BASE_URL}/jobs`, null, { tags: { name: 'POST /jobs' } });
  if (!check(created, { 'job: accepted': (r) => r.status === 202 })) {
    return;
  }
  jobsCreated.add(1);

  const id = created.json('id');
  let state = created.json('state');
  while (state !== 'done' && Date.now() - start < PATIENCE_MS) {
    sleep(POLL_S);
    const job = http.get(`${BASE_URL}/jobs/${id}`, { tags: { name: 'GET /jobs/:id' } });
    state = job.status === 200 ? job.json('state') : 'lost';
    if (state === 'lost') {
      break;
    }
  }
  if (check(state, { 'job: done in time': (s) => s === 'done' })) {
    jobDuration.add(Date.now() - start);
  }
}
