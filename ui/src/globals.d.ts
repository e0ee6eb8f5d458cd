/** The version of this build, such as `0.1.0`: the workspace's. */
declare const __VERSION__: string;
