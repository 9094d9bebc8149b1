using CtSeg.Local.Scaling;

namespace CtSeg.Local.Tests.Scaling;

public sealed class SettingsSearchTests
{
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

    private static Candidate Of(int messages, int batch, double idle, int most, double cost, Latencies all, Latencies? besideBacklog = null)
    {
        var settings = new JobSettings(messages, batch, idle, most);
        DayFigures Day(Latencies fresh) => new(1, Hardware.Cpu, settings, 100, 0, all, fresh, null, 1, 1, 1, 0.5, 1, 0, 0, 1, 1, 100);
        return new Candidate(settings, [new Trial(Day(all), Day(besideBacklog ?? all))], cost);
    }
}
