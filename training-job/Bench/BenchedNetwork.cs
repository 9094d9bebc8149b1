namespace CtSeg.TrainingJob.Bench;

/// <summary>A network to be timed.</summary>
/// <param name="Naive">The layers as torch runs them by default, instead of the way that inference goes.</param>
internal sealed record BenchedNetwork(string Architecture, IReadOnlyList<int> AttentionLevels, int BaseChannels, int InputSize, bool Naive);
