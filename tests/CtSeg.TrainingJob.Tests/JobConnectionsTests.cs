using CtSeg.Processes;

namespace CtSeg.TrainingJob.Tests;

public sealed class JobConnectionsTests : IDisposable
{
    private static readonly Dictionary<string, string> Stack = new() { ["SlicesStorage"] = "UseDevelopmentStorage=true", ["ServiceBus"] = "bus of the stack" };
    private readonly string _folder = Directory.CreateTempSubdirectory("ctseg-note-").FullName;
    private string Note => Path.Combine(_folder, RunningStackNote.FileName);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Given_NothingIsSet_When_Found_Then_EachMissingSettingIsNamedWithWhatToDo()
    {
        JobConnections.Find(needsServiceBus: true, _ => null, Note, out var problems).ShouldBeNull();

        problems.Count.ShouldBe(2);
        problems[0].ShouldStartWith("SlicesStorage is not set");
        problems[1].ShouldStartWith("ServiceBus is not set");
        problems.ShouldAllBe(problem => problem.Contains("./ctseg up"));
        JobConnections.Find(needsServiceBus: false, _ => null, noteFile: null, out problems).ShouldBeNull();
        problems.Count.ShouldBe(1);
    }

    [Fact]
    public void Given_AStackRuns_When_NothingIsSet_Then_ItsConnectionsAreTaken()
    {
        RunningStackNote.OfThisProcess(Stack).Write(Note);

        var found = JobConnections.Find(needsServiceBus: true, _ => null, Note, out var problems).ShouldNotBeNull();

        problems.ShouldBeEmpty();
        found.Setting("ServiceBus").ShouldBe("bus of the stack");
        found.Setting("Other").ShouldBeNull();
        found.OpenStorage().AccountName.ShouldBe("devstoreaccount1");
    }

    [Fact]
    public void Given_AStackRuns_When_TheEnvironmentNamesAStorage_Then_NothingOfTheStackIsTaken()
    {
        RunningStackNote.OfThisProcess(Stack).Write(Note);
        var environment = new Dictionary<string, string> { ["SlicesStorage__blobServiceUri"] = "https://account.blob.core.windows.net" };

        var found = JobConnections.Find(needsServiceBus: false, environment.GetValueOrDefault, Note, out _).ShouldNotBeNull();
        found.HasServiceBus.ShouldBeFalse();
        found.OpenServiceBus().ShouldBeNull();
        found.OpenStorage().AccountName.ShouldBe("account");
        JobConnections.Find(needsServiceBus: true, environment.GetValueOrDefault, Note, out var problems).ShouldBeNull();
        problems.ShouldHaveSingleItem().ShouldStartWith("ServiceBus is not set");
    }

    [Fact]
    public void Given_TheStackHasEnded_When_Found_Then_ItsNoteIsIgnoredAndThatIsSaid()
    {
        (RunningStackNote.OfThisProcess(Stack) with { ProcessId = int.MaxValue }).Write(Note);

        JobConnections.Find(needsServiceBus: false, _ => null, Note, out var problems).ShouldBeNull();

        problems.ShouldHaveSingleItem().ShouldContain("has ended");
    }

    [Fact]
    public void Given_AnUnreadableNote_When_Found_Then_ThatIsSaid()
    {
        File.WriteAllText(Note, "{");

        JobConnections.Find(needsServiceBus: false, _ => null, Note, out var problems).ShouldBeNull();

        problems.ShouldHaveSingleItem().ShouldContain("cannot be read");
    }
}
