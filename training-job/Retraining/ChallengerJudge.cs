using CtSeg.DataSets;
using CtSeg.Models;
using CtSeg.TrainingJob.Evaluation;
using CtSeg.TrainingJob.Inference;
using CtSeg.TrainingJob.Model;
using CtSeg.TrainingJob.Promotion;
using CtSeg.TrainingJob.Registry;
using CtSeg.TrainingJob.Reports;
using CtSeg.TrainingJob.Training;
using CtSeg.TrainingRuns;
using TorchSharp;

namespace CtSeg.TrainingJob.Retraining;

/// <summary>Lets both models segment the locked slices, one by one, and puts the counts before the gate.</summary>
internal sealed class ChallengerJudge(DataSetStore data, ModelStore models, TimeProvider time) : IChallengerJudge
{
    public async Task<Judgement> JudgeAsync(
        ServedModel champion, ServedModel challenger, TrainingRunStatus run, (ShadowTerms Terms, ShadowSummary Seen)? shadow, CancellationToken cancellationToken)
    {
        var slices = await UnseenAsync(champion, challenger, run, cancellationToken);
        using var one = await LoadAsync(champion, cancellationToken);
        using var other = await LoadAsync(challenger, cancellationToken);
        var groups = new Dictionary<string, ComparedGroup>(StringComparer.Ordinal);
        var worst = new WorstCases(RetrainingReport.MaxCases);
        foreach (var slice in slices)
        {
            var loaded = (await LabelledSlices.LoadAsync(data, [slice], cancellationToken))[0];
            // Off the thread that beats.
            var (ofOne, ofOther) = await Task.Run(() => (Predict(one, loaded, cancellationToken), Predict(other, loaded, cancellationToken)), cancellationToken);
            var (matrixOfOne, matrixOfOther) = (ConfusionMatrix.Of(loaded.Mask, ofOne.AtMaskSize), ConfusionMatrix.Of(loaded.Mask, ofOther.AtMaskSize));
            groups[slice.Group] = groups.TryGetValue(slice.Group, out var known)
                ? new ComparedGroup(slice.Group, ConfusionMatrix.Sum([known.Champion, matrixOfOne]), ConfusionMatrix.Sum([known.Challenger, matrixOfOther]))
                : new ComparedGroup(slice.Group, matrixOfOne, matrixOfOther);
            worst.Add(new ReportCase(slice.Id, loaded.Image, loaded.Mask, ofOne.AtMaskSize, ofOther.AtMaskSize), matrixOfOther);
        }
        var compared = new ComparedModels(champion, challenger, run.EvaluationSet!, slices.Count, [.. groups.Values]);
        return new Judgement(
            PromotionGate.Decide(run.Request.Promotion, compared, shadow, time.GetUtcNow().UtcDateTime),
            [.. groups.Values.Select(group => new GroupScores(group.Champion, group.Challenger))],
            worst.Cases);
    }

    /// <returns>Slices of the locked set that neither model has learnt from.</returns>
    private async Task<IReadOnlyList<DataSetSlice>> UnseenAsync(ServedModel champion, ServedModel challenger, TrainingRunStatus run, CancellationToken cancellationToken)
    {
        var set = await data.FindDataSetAsync(run.DataSet!, cancellationToken);
        var locked = await data.FindEvaluationSetAsync(run.EvaluationSet!, cancellationToken);
        if (set is null || locked is null)
            throw new RunFailedException("The locked set of this run was erased meanwhile: start another run.");
        var seen = new PictureIndex([.. await SeenAsync(champion, cancellationToken), .. await SeenAsync(challenger, cancellationToken)]);
        var ids = locked.Slices.ToHashSet();
        var slices = set.Slices.Where(slice => ids.Contains(slice.Id)).ToList();
        // Of a group that a model knows in part it may know the patient.
        var known = slices.Where(slice => seen.Knows(slice.Picture)).Select(slice => slice.Group).ToHashSet(StringComparer.Ordinal);
        return [.. slices.Where(slice => !known.Contains(slice.Group))];
    }

    private async Task<IReadOnlyList<PictureIdentity>> SeenAsync(ServedModel model, CancellationToken cancellationToken) =>
        (await models.FindTrainedOnAsync(model.Version, cancellationToken))?.Pictures
        ?? throw new RunFailedException($"Nobody knows what the model {model.Version} has learnt from, so that no score could compare it with another.");

    private async Task<ResidualAttentionUNet> LoadAsync(ServedModel model, CancellationToken cancellationToken)
    {
        var files = await models.FindFilesAsync(model.Version, cancellationToken);
        if (files is null || files.Manifest.WeightsSha256 != model.WeightsSha256)
            throw new DamagedModelException($"The model {model.Version} is gone or has other weights than those that are meant.");
        var (_, network, inputCheck) = ModelFolder.Read(model.Version, files.Manifest, files.Weights.ToMemory().Span);
        inputCheck?.Dispose();
        network.to(ComputeDevice.Current);
        // As slices of patients are segmented.
        network.FoldNormalisation();
        return network;
    }

    private static SlicePrediction Predict(ResidualAttentionUNet network, LabelledSlice slice, CancellationToken cancellationToken) =>
        Evaluator.Predict(network, [slice], cancellationToken)[0];

    /// <summary>Keeps few pictures of many slices.</summary>
    private sealed class WorstCases(int count)
    {
        private static readonly int[] Lesions = [1, 2, 3];
        private readonly List<(double Dice, ReportCase Case)> _cases = [];

        public IReadOnlyList<ReportCase> Cases => [.. _cases.Select(found => found.Case)];

        public void Add(ReportCase found, ConfusionMatrix challenger)
        {
            // Where neither truth nor mask has a lesion nothing is wrong.
            if (challenger.Dice(Lesions) is not { } dice)
                return;
            var at = _cases.FindIndex(known => known.Dice > dice);
            _cases.Insert(at < 0 ? _cases.Count : at, (dice, found));
            if (_cases.Count > count)
                _cases.RemoveAt(count);
        }
    }
}
