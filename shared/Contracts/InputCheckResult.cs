using System.Text.Json.Serialization;

namespace CtSeg.Contracts;

/// <summary>Whether a picture looks like what the model was trained on. A mask is made in any case.</summary>
/// <param name="Score">Probability that it does not, 0 to 1; above a half is warned about.</param>
public sealed record InputCheckResult(double Score)
{
    private const double Limit = 0.5;

    private const string Text =
        "The picture does not look like an upright axial chest CT slice in a lung window, which is all the model knows: check the upload before the mask is used.";

    /// <value>Null where there is nothing to warn about.</value>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Warning { get; init; }

    /// <param name="score">Of the model's own check.</param>
    public static InputCheckResult Of(double score)
    {
        var rounded = Math.Round(score, 3);
        return new InputCheckResult(rounded) { Warning = rounded > Limit ? Text : null };
    }
}
