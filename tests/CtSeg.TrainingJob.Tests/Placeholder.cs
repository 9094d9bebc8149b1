namespace CtSeg.TrainingJob.Tests; internal static class Placeholder { }
