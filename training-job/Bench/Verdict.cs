using System.Globalization;

namespace CtSeg.TrainingJob.Bench;

/// <summary>A figure and what it is held against.</summary>
/// <param name="Bar">In words.</param>
internal sealed record Verdict(string Figure, double Value, string Unit, string Bar, bool Holds)
{
    public static Verdict AtMost(string figure, double value, string unit, double bar) =>
        new(figure, value, unit, string.Create(CultureInfo.InvariantCulture, $"at most {bar}"), value <= bar);

    public static Verdict AtLeast(string figure, double value, string unit, double bar) =>
        new(figure, value, unit, string.Create(CultureInfo.InvariantCulture, $"at least {bar}"), value >= bar);

    /// <returns>The exit code: success only where every bar holds.</returns>
    public static int Print(IReadOnlyList<Verdict> verdicts, TextWriter output)
    {
        output.WriteLine();
        foreach (var (figure, value, unit, bar, holds) in verdicts)
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{figure,-72} {value,10:0.###} {unit,-7} {bar,-14} {(holds ? "holds" : "missed")}"));
        return verdicts.All(verdict => verdict.Holds) ? ExitCodes.Success : ExitCodes.Failure;
    }
}
