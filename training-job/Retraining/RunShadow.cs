using CtSeg.Models;
using CtSeg.TrainingRuns;

namespace CtSeg.TrainingJob.Retraining;

/// <summary>How a challenger's shadow stands.</summary>
internal enum ShadowState
{
    /// <summary>Nobody started it yet, or another's is in the way.</summary>
    NotStarted,
    LooksOn,
    /// <summary>It has seen enough, or its time is over.</summary>
    Done,
    /// <summary>Somebody ended it before.</summary>
    EndedEarly,
}

/// <summary>Lets the challenger of a run look on beside the model in use.</summary>
internal sealed class RunShadow(ShadowStore shadows, ShadowResultStore results, TimeProvider time)
{
    /// <summary>What is over stays so while the same model serves: whoever is killed here finds the same again.</summary>
    /// <param name="champion">In use now. What the challenger said beside another one says nothing about this one; the shadow goes on.</param>
    public async Task<(ShadowState State, ShadowSummary Seen)> LookAsync(
        TrainingRunStatus run, ShadowTerms terms, ServedModel champion, ServedModel challenger, CancellationToken cancellationToken)
    {
        var seen = ShadowSummaries.Sum(await results.ListAsync(run.Id, champion, challenger, cancellationToken));
        if (run.Timeline.LastOrDefault(step => step.State == TrainingRunState.Shadowing) is not { } began)
            return (ShadowState.NotStarted, seen);
        if (seen.Slices + seen.Failed >= terms.Slices || time.GetUtcNow().UtcDateTime >= began.Time.AddHours(terms.Hours))
            return (ShadowState.Done, seen);
        var there = await shadows.ReadAsync(cancellationToken);
        return (there?.Shadow?.RunId == run.Id ? ShadowState.LooksOn : ShadowState.EndedEarly, seen);
    }

    /// <returns>False while another challenger is in shadow.</returns>
    public Task<bool> StartAsync(string run, ServedModel challenger, ShadowTerms terms, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow().UtcDateTime;
        return shadows.StartAsync(new ShadowModel(challenger, terms.Share, run, now, now.AddHours(terms.Hours)), cancellationToken);
    }

    /// <summary>That of another run stays.</summary>
    public Task StopAsync(string run, CancellationToken cancellationToken) => shadows.StopAsync(run, cancellationToken);
}
