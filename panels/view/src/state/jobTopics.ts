import type { Job, JobTopic } from "../generated.ts";

/** The jobs about one of these topics. */
export function jobsAbout(jobs: Job[], topics: JobTopic[]): Job[] {
  return jobs.filter(({ topic }) => topics.includes(topic));
}
