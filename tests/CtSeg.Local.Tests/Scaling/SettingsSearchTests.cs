using CtSeg.Local.Scaling;
using CtSeg.Local.Stack;

namespace CtSeg.Local.Tests.Scaling;

public sealed class SettingsSearchTests
{
    private static readonly PriceList Prices = PriceList.Read(Path.Combine(Checkout.Find().Root, "infra-bicep", "prices.json"));
    private static readonly Latencies Fast = new(10, 100, 120, 200);
    private static readonly Latencies Slow = new(10, 301, 320, 400);

    [Fact]
    public void Given_ACheaperOneThatIsTooSlow_When_Chosen_Then_TheCheapestOfTheFastOnes()
    {
        var chosen = SettingsSearch.Choose([Of(64, 16, 60, 4, 1000, Fast), Of(64, 16, 60, 2, 900, Slow), Of(64, 16, 60, 8, 1100, Fast)]);

        chosen!.Settings.MaxExecutions.ShouldBe(4);
    }

    [Fact]
    public void Given_OneWithinAPerCentOfTheCheapest_When_Chosen_Then_TheOneWithFewerExecutions()
    {
        var chosen = SettingsSearch.Choose([Of(64, 16, 60, 8, 1000, Fast), Of(64, 16, 60, 4, 1009, Fast), Of(64, 16, 60, 2, 1011, Fast)]);

        chosen!.Settings.MaxExecutions.ShouldBe(4);
    }

    [Fact]
    public void Given_OneThatIsSlowBesideABacklog_When_Chosen_Then_NotIt() =>
        SettingsSearch.Choose([Of(64, 16, 60, 4, 1000, Fast, besideBacklog: new(10, 901, 902, 903))]).ShouldBeNull();

    [Fact]
    public void Given_OneThatIsSlowOnOneHardware_When_Chosen_Then_NotIt()
    {
        var (fast, slow) = (Of(64, 16, 60, 4, 1000, Fast), Of(64, 16, 60, 4, 1000, new(16, 100, 120, 200)));

        SettingsSearch.Choose([fast with { Trials = [.. fast.Trials, .. slow.Trials] }]).ShouldBeNull();
        SettingsSearch.Choose([fast with { Trials = [.. fast.Trials, .. fast.Trials] }]).ShouldNotBeNull();
    }

    [Fact]
    public void Given_EquallyCheapOnes_When_Chosen_Then_SmallestBatchShortestIdleTimeMostMessages()
    {
        var chosen = SettingsSearch.Choose(
            [Of(256, 16, 60, 4, 1000, Fast), Of(64, 8, 60, 4, 1000, Fast), Of(256, 8, 90, 4, 1000, Fast), Of(256, 8, 60, 4, 1000, Fast)]);

        chosen!.Settings.ShouldBe(new JobSettings(256, 8, 60, 4));
    }

    [Fact]
    public void Given_ASearch_When_ItLeavesOutWhatCannotMatter_Then_ItsDaysAndItsChoiceAreThoseOfTryingAll()
    {
        const int Backlog = 7000;
        // Small studies, each at once, and quick starts: all is fast on an ordinary day, and some settings want two executions then. On one
        // execution the backlog takes an hour.
        var pattern = new ArrivalPattern(1) { RoutineStudies = 60, MinSlices = 1, MaxSlices = 40, UploadRate = 1000, Backlog = Backlog };
        var (machine, times, others) = (Hardware.Cpu with { SecondsPerSlice = 0.5, LoadSeconds = 0 }, new ServiceTimes { StartSeconds = 1 }, JobSettings.Default with { PollingSeconds = 5 });
        var intakes = new[] { 0, Backlog }.ToDictionary(backlog => backlog, backlog => new IntakePool().Take((pattern with { Backlog = backlog }).Draw(1)));
        DayFigures Day(int backlog, JobSettings settings) => DayFigures.Run(pattern with { Backlog = backlog }, intakes[backlog], machine, settings, times, 1);

        var tried = new SettingsSearch(pattern, [machine], others, times, Prices, 1).Try(TestContext.Current.CancellationToken);

        tried.Count.ShouldBe(450);
        tried.Select(candidate => candidate.Settings).Distinct().Count().ShouldBe(450);
        List<Candidate> all = [.. tried.Select(candidate => candidate with { Trials = [new Trial(Day(0, candidate.Settings), Day(Backlog, candidate.Settings))] })];
        tried.Select(candidate => candidate.Trials[0].Ordinary.MostExecutions).Distinct().Count().ShouldBeGreaterThan(1);
        tried.Select(candidate => candidate.Trials[0].Ordinary).ShouldBe(all.Select(candidate => candidate.Trials[0].Ordinary));
        var chosen = SettingsSearch.Choose(tried)!;
        (chosen.Settings, chosen.Trials[0].WithBacklog).ShouldBe((SettingsSearch.Choose(all)!.Settings, SettingsSearch.Choose(all)!.Trials[0].WithBacklog));
        all.ShouldContain(candidate => candidate.Cost <= chosen.Cost && candidate.Trials[0].IsFastAlone && !candidate.Trials[0].IsFastEnough);
        tried.Count(candidate => candidate.Trials[0].WithBacklog is null).ShouldBeGreaterThan(tried.Count / 2);
    }

    private static Candidate Of(int messages, int batch, double idle, int most, double cost, Latencies all, Latencies? besideBacklog = null)
    {
        var settings = new JobSettings(messages, batch, idle, most);
        DayFigures Day(Latencies fresh) => new(1, Hardware.Cpu, settings, 100, 0, all, fresh, null, 1, 1, 1, 0.5, 1, 0, 0, 1, 1, 100, new Reconciled(0, 0, 0, 0));
        return new Candidate(settings, [new Trial(Day(all), Day(besideBacklog ?? all))], cost);
    }
}
