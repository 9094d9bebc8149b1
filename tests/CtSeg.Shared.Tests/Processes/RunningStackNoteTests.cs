using CtSeg.Processes;

namespace CtSeg.Shared.Tests.Processes;

public sealed class RunningStackNoteTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ctseg-note-").FullName;
    private string File => Path.Combine(_folder, RunningStackNote.FileName);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Given_ANote_When_ReadBack_Then_ItIsAliveAndOnlyItsOwnerMayReadIt()
    {
        RunningStackNote.OfThisProcess(new Dictionary<string, string> { ["SlicesStorage"] = "a" }).Write(File);

        var read = RunningStackNote.Read(File).ShouldNotBeNull();
        read.Settings["SlicesStorage"].ShouldBe("a");
        read.IsAlive().ShouldBeTrue();
        if (!OperatingSystem.IsWindows())
            System.IO.File.GetUnixFileMode(File).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Directory.GetFiles(_folder).ShouldHaveSingleItem();
    }

    [Fact]
    public void Given_ANoteOfAnotherProcess_When_Asked_Then_ItIsDead()
    {
        var own = RunningStackNote.OfThisProcess(new Dictionary<string, string>());

        // No such process; and one that got the number of an older one.
        (own with { ProcessId = int.MaxValue }).IsAlive().ShouldBeFalse();
        (own with { ProcessStarted = own.ProcessStarted.AddHours(-1) }).IsAlive().ShouldBeFalse();
    }

    [Fact]
    public void Given_AnotherStackWroteItsNote_When_TheFirstRemovesIts_Then_TheOthersStays()
    {
        var first = RunningStackNote.OfThisProcess(new Dictionary<string, string>());
        var second = first with { ProcessId = 1, Settings = new Dictionary<string, string>() };
        first.Write(File);
        second.Write(File);

        first.Remove(File);
        RunningStackNote.Read(File).ShouldNotBeNull().ProcessId.ShouldBe(1);
        second.Remove(File);
        System.IO.File.Exists(File).ShouldBeFalse();
        second.Remove(File);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("""{"processId":1}""")]
    public void Given_AnUnreadableNote_When_Read_Then_ItIsNone(string json)
    {
        System.IO.File.WriteAllText(File, json);

        RunningStackNote.Read(File).ShouldBeNull();
        RunningStackNote.Read(Path.Combine(_folder, "missing")).ShouldBeNull();
    }
}
