using Microsoft.Extensions.Time.Testing;

namespace CtSeg.TrainingJob.Tests;

public sealed class ProgressBarsTests : IDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);
    private readonly FakeTimeProvider _time = new();
    private readonly StringWriter _output = new();

    [Fact]
    public void Given_WorkThatTakesTime_When_Shown_Then_ItsBarIsDrawnMeanwhile()
    {
        ProgressBars.Show(Terminals.On(_output, width: 80), _time, width: 8, context =>
        {
            context.AddTask("work", maxValue: 4).Increment(1);
            Drawn().ShouldBeFalse();
            _time.Advance(Tick);
            Drawn().ShouldBeTrue();
            return true;
        });

        bool Drawn() => _output.ToString().Contains("25%", StringComparison.Ordinal);
    }

    [Fact]
    public void Given_WorkThatIsDoneAtOnce_When_ItsBarIsGone_Then_NothingIsWrittenAnyMore()
    {
        ProgressBars.Show(Terminals.On(_output, width: 80), _time, width: 8, context => context.AddTask("work"));
        var shown = _output.ToString();
        _time.Advance(Tick * 10);
        _output.ToString().ShouldBe(shown);
    }

    [Fact]
    public async Task Given_WorkThatFails_When_Shown_Then_ItsErrorComesThroughAndTheBarIsGone()
    {
        await Should.ThrowAsync<InvalidDataException>(ProgressBars.ShowAsync(
            Terminals.On(_output, width: 80), _time, width: 8, async context =>
            {
                context.AddTask("work");
                await Task.Yield();
                throw new InvalidDataException();
            }));
        var shown = _output.ToString();
        _time.Advance(Tick * 10);
        _output.ToString().ShouldBe(shown);
    }

    public void Dispose() => _output.Dispose();
}
