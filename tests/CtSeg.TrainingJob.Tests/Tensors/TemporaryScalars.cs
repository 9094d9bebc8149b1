using CtSeg.TrainingJob.Tensors;
using Mono.Cecil;
using Mono.Cecil.Cil;
using Mono.Cecil.Rocks;
using TorchSharp;
using Assembly = System.Reflection.Assembly;

namespace CtSeg.TrainingJob.Tests.Tensors;

/// <summary>Reads compiled code for numbers that nothing keeps while torch reads them, see <see cref="KeptScalar"/>.</summary>
internal sealed class TemporaryScalars : IDisposable
{
    private readonly DefaultAssemblyResolver _resolver = new();
    private readonly ModuleDefinition _torch;
    private readonly HashSet<MethodDefinition> _makers;
    private readonly HashSet<TypeDefinition> _makersWhenCalled;

    public TemporaryScalars()
    {
        _resolver.AddSearchDirectory(AppContext.BaseDirectory);
        _torch = _resolver.Resolve(AssemblyNameReference.Parse(typeof(Scalar).Assembly.FullName)).MainModule;
        _makers = Makers();
        _makersWhenCalled = [.. _makers.Where(method => method.IsVirtual && method.IsReuseSlot).Select(method => method.DeclaringType)];
    }

    /// <returns>Methods of an assembly with what they call: something that makes a number, or a class of TorchSharp whose methods do.</returns>
    public IReadOnlyList<string> In(Assembly assembly)
    {
        using var module = ModuleDefinition.ReadModule(assembly.Location, new ReaderParameters { AssemblyResolver = _resolver });
        return [.. Methods(module).SelectMany(method => Temporaries(method).Select(call => $"{Name(method)} calls {Name(call)}")).Distinct().Order()];
    }

    public void Dispose() => _resolver.Dispose();

    /// <summary>Methods of TorchSharp that make a number for a call of their own, themselves or by other methods that they call.</summary>
    private HashSet<MethodDefinition> Makers()
    {
        // What a method gives back its caller keeps, or not.
        var methods = Methods(_torch).Where(method => !IsNumber(method.ReturnType)).ToList();
        var callers = methods
            .SelectMany(method => Calls(method).Select(call => (Caller: method, Called: ((MethodReference)call.Operand).Resolve())))
            .ToLookup(pair => pair.Called, pair => pair.Caller);
        var found = methods.Where(method => Calls(method).Any(call => MakesNumber(method, call))).ToHashSet();
        var open = new Queue<MethodDefinition>(found);
        while (open.TryDequeue(out var called))
        {
            foreach (var caller in callers[called].Where(found.Add))
                open.Enqueue(caller);
        }
        return found;
    }

    private IEnumerable<MethodReference> Temporaries(MethodDefinition method) =>
        from call in Calls(method)
        let called = (MethodReference)call.Operand
        where MakesNumber(method, call) || _makers.Contains(called.Resolve()) || IsMakerWhenCalled(called)
        select called;

    /// <summary>Whether a call gives an object whose overridden methods make numbers: who calls them by the base class is not seen.</summary>
    private bool IsMakerWhenCalled(MethodReference called)
    {
        var given = called.Resolve() is { IsConstructor: true } ? called.DeclaringType : called.ReturnType;
        for (var type = IsOfTorch(given) ? given.Resolve() : null; type is not null && type.Module == _torch; type = type.BaseType?.Resolve())
        {
            if (_makersWhenCalled.Contains(type))
                return true;
        }
        return false;
    }

    private static bool MakesNumber(MethodDefinition method, Instruction call)
    {
        var called = (MethodReference)call.Operand;
        return (IsNumber(called.ReturnType) || (IsNumber(called.DeclaringType) && called.Name == ".ctor")) && !IsKept(method.Body, call.Next);
    }

    /// <summary>Whether a number goes to a static field, or to a variable that is disposed of at the end.</summary>
    private static bool IsKept(MethodBody body, Instruction next) => next.OpCode == OpCodes.Stsfld
        || (next.OpCode == OpCodes.Stloc && body.ExceptionHandlers.Where(handler => handler.HandlerType == ExceptionHandlerType.Finally).Any(handler =>
            body.Instructions.SkipWhile(instruction => instruction != handler.HandlerStart).TakeWhile(instruction => instruction != handler.HandlerEnd)
                .Any(instruction => instruction.OpCode == OpCodes.Ldloc && instruction.Operand == next.Operand
                    && instruction.Next.Operand is MethodReference { Name: nameof(IDisposable.Dispose) })));

    /// <summary>Of methods of TorchSharp; a function that is handed on counts as called.</summary>
    private static IEnumerable<Instruction> Calls(MethodDefinition method) =>
        method.Body.Instructions.Where(instruction => instruction.Operand is MethodReference called && IsOfTorch(called.DeclaringType));

    private static List<MethodDefinition> Methods(ModuleDefinition module)
    {
        var methods = module.GetTypes().Where(type => type.FullName != typeof(KeptScalar).FullName)
            .SelectMany(type => type.Methods).Where(method => method.HasBody).ToList();
        foreach (var method in methods)
            method.Body.SimplifyMacros();
        return methods;
    }

    private static bool IsNumber(TypeReference type) => type.FullName == typeof(Scalar).FullName;

    private static bool IsOfTorch(TypeReference type) => type.GetElementType().Scope?.Name is "TorchSharp" or "TorchSharp.dll";

    private static string Name(MethodReference method) =>
        $"{method.DeclaringType.FullName}.{method.Name}({string.Join(", ", method.Parameters.Select(parameter => parameter.ParameterType.Name))})";
}
