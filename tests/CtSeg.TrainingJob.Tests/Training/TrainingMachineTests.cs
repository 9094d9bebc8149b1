using System.Text.Json;
using CtSeg.TrainingJob.Training;

namespace CtSeg.TrainingJob.Tests.Training;

[Collection(TorchCollection.Name)]
public sealed class TrainingMachineTests
{
    [Fact]
    public void Given_ThisMachine_When_Noted_Then_ItIsToldAndReadBackAlike()
    {
        var machine = TrainingMachine.Current;
        machine.Commit.ShouldMatch("^([0-9a-f]{40}(-dirty|-unchecked)?|unknown)$");
        machine.MemoryGiB!.Value.ShouldBeGreaterThan(0);
        machine.Device.ShouldBe("cpu");
        (machine with { Processor = "Z80 (model 1)", Vectors = "AVX2", Cores = 2, MemoryGiB = 24, Threads = 1, Device = "cuda", Commit = "abc-dirty" }).ToString()
            .ShouldBe("Z80 (model 1), AVX2, 2 cores, 24 GiB, 1 thread, cuda, commit abc-dirty");
        var history = new TrainingHistory(new TrainingOptions(), "data", [], [machine], []);
        JsonSerializer.Deserialize(JsonSerializer.Serialize(history, TrainingJson.Default.TrainingHistory), TrainingJson.Default.TrainingHistory)!
            .Machines.ShouldBe([machine]);
    }

    [Fact]
    public void Given_ProcessorsOfOneName_When_Compared_Then_TheirMarksOrVectorsTellThemApart()
    {
        var machine = new TrainingMachine("AMD EPYC (cpu family 25, model 1, stepping 1)", 1, "abc", "AVX2", 2, 24);
        (machine with { Processor = "AMD EPYC (cpu family 25, model 17, stepping 1)" }).ShouldNotBe(machine);
        (machine with { Vectors = "AVX-512" }).ShouldNotBe(machine);
    }

    [Fact]
    public void Given_AMachineNotedByAnOlderProgram_When_Read_Then_ItIsAsItWasAndAnotherThanThisOne()
    {
        var history = JsonSerializer.Deserialize(
            """{"options":{},"dataSha256":"data","heldOutSlices":[],"machines":[{"processor":"AMD EPYC","threads":1,"commit":"abc"}],"epochs":[]}""",
            TrainingJson.Default.TrainingHistory)!;
        var machine = history.Machines.ShouldHaveSingleItem();
        machine.ToString().ShouldBe("AMD EPYC, 1 thread, commit abc");
        machine.ShouldNotBe(TrainingMachine.Current);
    }
}
