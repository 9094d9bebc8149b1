using Microsoft.Extensions.Time.Testing;

namespace CtSeg.TrainingJob.Tests;

public sealed class ProgressBarsTests : IDisposable
{
    private readonly TimeOfTimers _time = new();
    private readonly StringWriter _output = new();

    [Fact]
    public void Given_WorkThatTakesTime_When_Shown_Then_ItsBarIsDrawnMeanwhile()
    {
        ProgressBars.Show(Terminals.On(_output, width: 80), _time, width: 8, context =>
        {
            context.AddTask("work", maxValue: 4).Increment(1);
            Shows("25%").ShouldBeFalse();
            _time.Advance(TimeSpan.FromMilliseconds(100));
            Shows("25%").ShouldBeTrue();
            return true;
        });
    }

    [Fact]
    public void Given_WorkThatIsDone_When_ACallThatWasUnderWayComesLate_Then_NothingIsWrittenToWhatIsClosed()
    {
        ProgressBars.Show(Terminals.On(_output, width: 80), _time, width: 8, context => context.AddTask("work"));
        _output.Dispose();
        Should.NotThrow(_time.CallLate);
    }

    [Fact]
    public async Task Given_WorkThatFails_When_Shown_Then_ItsErrorComesThroughAndNothingIsWrittenAfterIt()
    {
        await Should.ThrowAsync<InvalidDataException>(ProgressBars.ShowAsync(
            Terminals.On(_output, width: 80), _time, width: 8, async context =>
            {
                context.AddTask("work");
                await Task.Yield();
                throw new InvalidDataException();
            }));
        await _output.DisposeAsync();
        Should.NotThrow(_time.CallLate);
    }

    [Fact]
    public void Given_ATerminalThatIsGone_When_ABarIsDrawn_Then_TheWorkGoesOn()
    {
        using var terminal = new GoneTerminal();
        ProgressBars.Show(Terminals.On(terminal, width: 80), _time, width: 8, context =>
        {
            context.AddTask("work");
            terminal.IsGone = true;
            Should.NotThrow(_time.CallLate);
            terminal.IsGone = false;
            return true;
        }).ShouldBeTrue();
    }

    public void Dispose() => _output.Dispose();

    private bool Shows(string text) => _output.ToString().Contains(text, StringComparison.Ordinal);

    /// <summary>Can call what a timer was to call after its end, as a real one does that was about to.</summary>
    private sealed class TimeOfTimers : FakeTimeProvider
    {
        private Action? _call;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _call = () => callback(state);
            return base.CreateTimer(callback, state, dueTime, period);
        }

        public void CallLate() => _call.ShouldNotBeNull()();
    }

    private sealed class GoneTerminal : StringWriter
    {
        public bool IsGone { get; set; }

        public override void Write(string? value)
        {
            if (IsGone)
                throw new IOException("Input/output error");
            base.Write(value);
        }
    }
}
