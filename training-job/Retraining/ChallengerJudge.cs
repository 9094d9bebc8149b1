using CtSeg.Contracts;
using CtSeg.DataSets;
using CtSeg.Models;
using CtSeg.Segmentation;
using CtSeg.TrainingJob.Promotion;
using CtSeg.TrainingJob.Reports;
using CtSeg.TrainingRuns;

namespace CtSeg.TrainingJob.Retraining;

/// <summary>Lets both models segment the locked slices that neither has learnt from, and puts the counts before the gate.</summary>
internal sealed class ChallengerJudge(DataSetStore data, ModelStore models, PromotionChain chain, TrustedKeys trusted, TimeProvider time) : IChallengerJudge
{
    private static readonly int[] Lesions = [1, 2, 3];

    // The challenger was made here and may wait to be signed; its hash is checked all the same.
    private readonly ModelComparison _comparison = new(models, chain, trusted) { TrustedOfChallenger = TrustedKeys.None };

    public async Task<Judgement> JudgeAsync(
        ServedModel champion, ServedModel challenger, TrainingRunStatus run, (ShadowTerms Terms, ShadowSummary Seen)? shadow, CancellationToken cancellationToken)
    {
        var set = await data.FindDataSetAsync(run.DataSet!, cancellationToken);
        var locked = await data.FindEvaluationSetAsync(run.EvaluationSet!, cancellationToken);
        if (set is null || locked is null)
            throw new RunFailedException("The locked set of this run was erased meanwhile: start another run.");
        var result = await _comparison.CompareAsync(
            champion.Version, challenger.Version, await ComparisonSet.OfAsync(data, set, locked, cancellationToken), done: null, cancellationToken);
        return new Judgement(
            PromotionGate.Decide(run.Request.Promotion, result.Compared, shadow, time.GetUtcNow().UtcDateTime),
            [.. result.Compared.Groups.Select(group => new GroupScores(group.Champion, group.Challenger))],
            await WorstCasesAsync(result.Slices, cancellationToken));
    }

    /// <summary>Slices without a lesion in truth and mask are right.</summary>
    private static async Task<IReadOnlyList<ReportCase>> WorstCasesAsync(IReadOnlyList<ComparedSlice> slices, CancellationToken cancellationToken)
    {
        var cases = new List<ReportCase>();
        var worst = slices.Where(slice => slice.Challenger.Dice(Lesions) is not null).OrderBy(slice => slice.Challenger.Dice(Lesions)).Take(RetrainingReport.MaxCases);
        foreach (var slice in worst)
        {
            var labelled = await slice.Slice.LoadAsync(cancellationToken);
            cases.Add(new ReportCase(
                ScanId.Parse(slice.Slice.Name), labelled.Image, labelled.Mask, MaskPng.Read(slice.ChampionMask), MaskPng.Read(slice.ChallengerMask)));
        }
        return cases;
    }
}
