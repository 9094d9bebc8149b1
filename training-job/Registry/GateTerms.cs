using System.CommandLine;
using CtSeg.Models;

namespace CtSeg.TrainingJob.Registry;

/// <summary>Options of the commands that put two models before the gate, now or later.</summary>
internal static class GateTerms
{
    private static readonly PromotionTerms Defaults = new();

    public static Option<double> Margin { get; } = new("--margin") { DefaultValueFactory = _ => Defaults.Margin, Description = "Dice of a class that may be lost within doubt." };
    public static Option<double> Level { get; } = new("--level") { DefaultValueFactory = _ => Defaults.Level, Description = "One-sided confidence, 0.5 to 0.999." };
    public static Option<int> MinGroups { get; } = new("--min-groups") { DefaultValueFactory = _ => Defaults.MinGroups, Description = "A class in fewer groups is reported and does not decide." };

    /// <exception cref="InvalidDataException">A value is out of its range.</exception>
    public static PromotionTerms Read(ParseResult arguments)
    {
        var terms = Given(arguments);
        terms.Validate();
        return terms;
    }

    /// <summary>Not checked.</summary>
    public static PromotionTerms Given(ParseResult arguments) => new(arguments.GetValue(Margin), arguments.GetValue(Level), arguments.GetValue(MinGroups));
}
