/** Name of the wrong engine this build was made with on purpose; null in every build that is not such a test. */

export const PLANT: string | null = null;
