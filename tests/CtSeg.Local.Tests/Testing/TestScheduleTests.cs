using CtSeg.Local.Testing;

namespace CtSeg.Local.Tests.Testing;

public sealed class TestScheduleTests
{
    private static readonly string[] Names =
        ["CtSeg.EndToEnd.Tests", "CtSeg.Functions.Tests", "CtSeg.Infrastructure.Tests", "CtSeg.New.Tests", "CtSeg.Shared.Tests", "CtSeg.TrainingJob.Tests"];

    [Fact]
    public async Task Given_Programs_When_Run_Then_TwoBesideEachOtherTheLongestFirstAndTheEndToEndTestsAlone()
    {
        string[] order =
        [
            "CtSeg.TrainingJob.Tests.Retraining-Registry-Letters-Erasure", "CtSeg.TrainingJob.Tests.Rest", "CtSeg.Infrastructure.Tests",
            "CtSeg.Shared.Tests", "CtSeg.Functions.Tests", "CtSeg.New.Tests",
        ];
        var runs = order.Append("CtSeg.EndToEnd.Tests").ToDictionary(name => name, _ => new TaskCompletionSource<TestOutcome>(), StringComparer.Ordinal);
        var started = new List<string>();
        var outcomes = TestSchedule.RunAsync(Names.Select(Program), program =>
        {
            started.Add(program.Name);
            return runs[program.Name].Task;
        }).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        // The second ends each time, the first stays.
        foreach (var (n, name) in order.Skip(1).Index())
        {
            var next = outcomes.MoveNextAsync();
            started.ShouldBe(order[..(n + 2)]);
            runs[name].SetResult(Outcome(name));
            (await next).ShouldBeTrue();
            outcomes.Current.Program.Name.ShouldBe(name);
        }
        var longest = outcomes.MoveNextAsync();
        started.ShouldBe(order);
        runs[order[0]].SetResult(Outcome(order[0]));
        await longest;
        var last = outcomes.MoveNextAsync();
        started.ShouldBe([.. order, "CtSeg.EndToEnd.Tests"]);
        runs["CtSeg.EndToEnd.Tests"].SetResult(Outcome("CtSeg.EndToEnd.Tests"));
        (await last, await outcomes.MoveNextAsync()).ShouldBe((true, false));
    }

    [Fact]
    public void Given_AProgram_When_Split_Then_OnePartHasTheFoldersAndTheOtherAllElse()
    {
        var parts = Program("My.Tests").Split(["One", "Two"]).ToArray();
        parts.Select(part => part.Name).ShouldBe(["My.Tests.One-Two", "My.Tests.Rest"]);
        parts.ShouldAllBe(part => part.FileName == "/My.Tests");
        parts[0].Part.ShouldBe(["-namespace", "My.Tests.One*", "-namespace", "My.Tests.Two*"]);
        parts[1].Part.ShouldBe(["-namespace-", "My.Tests.One*", "-namespace-", "My.Tests.Two*"]);
    }

    [Fact]
    public async Task Given_StoppedProgram_When_AnotherRuns_Then_EndsOnlyWithIt()
    {
        var (stopped, other) = (new TaskCompletionSource<TestOutcome>(), new TaskCompletionSource<TestOutcome>());
        var outcomes = TestSchedule.RunAsync([Program("A"), Program("B")], program => program.Name == "A" ? stopped.Task : other.Task)
            .GetAsyncEnumerator(TestContext.Current.CancellationToken);
        var next = outcomes.MoveNextAsync().AsTask();
        stopped.SetCanceled(TestContext.Current.CancellationToken);
        next.IsCompleted.ShouldBeFalse();
        other.SetCanceled(TestContext.Current.CancellationToken);
        await Should.ThrowAsync<OperationCanceledException>(next);
    }

    private static TestProgram Program(string name) => new(name, "/" + name);

    private static TestOutcome Outcome(string name) => new(Program(name), 1, 0, 0, [], [], TimeSpan.Zero, "/log");
}
