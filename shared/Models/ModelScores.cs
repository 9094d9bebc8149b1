using System.Text.Json.Serialization;

namespace CtSeg.Models;

/// <summary>Scores on labelled slices. Two protocols, because the paper does not say how its figures average.</summary>
/// <param name="Slices">That were scored.</param>
/// <param name="Groups">They come from: a lower bound on overlap between patients, not a count of patients.</param>
/// <param name="Note">How to read the scores: whether the model may have been trained on the slices.</param>
public sealed record ModelScores(
    int Slices,
    int Groups,
    ForegroundScores Foreground,
    PaperScores Paper,
    AttentionEffect? Attention,
    string Note);

/// <summary>Per lesion class at the masks' own size; infection is the three classes as one.</summary>
public sealed record ForegroundScores(ClassScore Infection, IReadOnlyList<ClassScore> Classes);

/// <summary>The Dice similarity coefficient of one class.</summary>
/// <param name="Dice">Pooled over all pixels of all slices; null where neither truth nor prediction has the class.</param>
/// <param name="Interval">95 % bootstrap interval of <paramref name="Dice"/> over groups.</param>
/// <param name="MeanPerImage">Mean over the slices whose truth has the class; slices without it are left out.</param>
/// <param name="SlicesWithClass">Number of those slices.</param>
public sealed record ClassScore(string Name, double? Dice, ScoreInterval? Interval, double? MeanPerImage, int SlicesWithClass)
{
    /// <summary>Of <see cref="MeanPerImage"/>, over groups; older models have none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ScoreInterval? MeanPerImageInterval { get; init; }
}

public sealed record ScoreInterval(double Low, double High);

/// <summary>All classes, background counted, at the network's size.</summary>
/// <param name="MicroDice">Equals pixel accuracy and micro precision, because every pixel has one label.</param>
/// <param name="MeanClassDice">Mean of the pooled Dice of the classes that occur.</param>
/// <param name="AllBackgroundMicroDice">What a prediction of nothing scores.</param>
public sealed record PaperScores(double MicroDice, double MeanClassDice, double AllBackgroundMicroDice)
{
    /// <summary>95 % bootstrap interval of <see cref="MicroDice"/> over groups; older models have none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ScoreInterval? MicroDiceInterval { get; init; }

    /// <summary>The same of <see cref="MeanClassDice"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ScoreInterval? MeanClassDiceInterval { get; init; }
}

/// <summary>What the same weights do on the same slices when the output of every attention is set to zero.</summary>
/// <param name="InfectionDice">Without attention, pooled.</param>
/// <param name="InfectionDiceLost">What is lost without it.</param>
/// <param name="LostInterval">95 % bootstrap interval of what is lost, over groups.</param>
/// <param name="ChangedPixels">Share of all pixels whose class changes.</param>
/// <param name="ChangedLesionPixels">Share of the pixels that either prediction calls a lesion and whose class changes.</param>
public sealed record AttentionEffect(
    double? InfectionDice, double? InfectionDiceLost, ScoreInterval? LostInterval, double ChangedPixels, double ChangedLesionPixels);
