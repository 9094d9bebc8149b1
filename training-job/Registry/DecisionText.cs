using System.Globalization;
using CtSeg.Models;
using CtSeg.TrainingJob.Evaluation;

namespace CtSeg.TrainingJob.Registry;

/// <summary>A decision with its numbers, for people.</summary>
internal static class DecisionText
{
    /// <param name="promoted">What a decision for the challenger means where it is shown.</param>
    /// <param name="refused">What one against it means.</param>
    public static void Write(PromotionDecision decision, string promoted, string refused)
    {
        var level = decision.Terms.Level.ToString("P1", CultureInfo.InvariantCulture);
        var table = new Table("class", "groups", decision.Champion.Version, decision.Challenger.Version, "gain", $"at least ({level})", "needed", "");
        foreach (var compared in decision.Classes.Prepend(decision.Overall))
        {
            var needed = compared == decision.Overall ? 0 : -decision.Terms.Margin;
            table.Add(
                compared.Name, compared.GroupsWithClass.ToString(CultureInfo.InvariantCulture),
                Number(compared.ChampionDice, "F3"), Number(compared.ChallengerDice, "F3"), Number(compared.Gain, IntervalScore.Signed), Number(compared.GainAtLeast, IntervalScore.Signed),
                compared.Decides ? $"> {Number(needed, IntervalScore.Signed)}" : "-",
                compared.Decides ? compared.Passes ? "passes" : "fails" : $"in fewer than {decision.Terms.MinGroups} groups: reported only");
        }
        table.Write();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{decision.Slices} slices of {decision.Groups} groups that neither model learnt from (set {decision.EvaluationSet}). {GroupBootstrap.Caveat}"));
        if (decision.Start is { } start)
            Console.WriteLine(start.Problem is { } problem
                ? $"Not compared with {start.Model.Version}, the model that the promotions began from: {problem}"
                : string.Create(CultureInfo.InvariantCulture, $"Since {start.Model.Version}, the model that the promotions began from ({start.Groups} groups): {string.Join(", ", start.Classes.Select(one => $"{one.Name} {Number(one.Gain, IntervalScore.Signed)}"))}"));
        Console.WriteLine($"{(decision.Promote ? promoted : refused)}: {decision.Reason}");
    }

    private static string Number(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "-";
}
