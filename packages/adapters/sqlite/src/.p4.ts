import { historyStatements, rowValues, sqlite, eventValues } from '@detent/sql';
import { rmSync, mkdirSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
const cpu=()=>{const u=process.cpuUsage();return (u.user+u.system)/1000};
const row=(i:number,token:number)=>({id:String(i),version:String(i),name:'n'+i,kind:'versioned',state:'applied',file:`V${i}__n.sql`,checksum:'v1:sha256:'+'a'.repeat(64),rawChecksum:'sha256:'+'b'.repeat(64),appliedOrder:i,finishedAt:1,statementsTotal:1,statementsDone:1,statementHashes:[],intent:null,cursors:{},attempt:1,token,runId:'r',username:'u',startedAt:1,durationMs:1,result:null,errorCode:null,error:null,downSource:'drop table t',toolVersion:'1'}) as any;
rmSync('/tmp/w/perf',{recursive:true,force:true}); mkdirSync('/tmp/w/perf');
const h=historyStatements(sqlite,{table:'sv',schema:'main'});
const variants:Record<string,any>={
 floor:{save:false}, save:{save:true}, replace:{save:true,rep:true}, saveNoFence:{save:true,nofence:true}, plain:{save:true,plain:true}, saveTok:{save:true,tok:true}, saveApp:{save:true,app:true}, saveAppNorm:{save:true,app:true,norm:true},saveWR:{save:true,wr:true}, floor2:{save:false}};
let n=0;
const res:Record<string,number[]>={};
for(let k=0;k<5;k++) for (const [name,v] of Object.entries(variants)) {
  const d=new DatabaseSync(`/tmp/w/perf/f${n++}.db`); d.exec('pragma journal_mode=wal; create table h(id text primary key,version text,name text,file text, checksum text,raw text,at integer,state text, run text, username text, started integer, duration integer, down text)');
  if(v.norm) d.exec('pragma synchronous=normal');
  for (const c of h.create) d.exec(c.includes('"sv" (')&&v.wr? c+' WITHOUT ROWID':c);
  let saveSql=h.save; if(v.rep) saveSql=saveSql.replace(/ON CONFLICT.*/s,'').replace('INSERT','INSERT OR REPLACE'); if(v.nofence) saveSql=saveSql.replace(/FROM .* WHERE .*? ON CONFLICT/s,'WHERE 1=? ON CONFLICT'); if(v.plain) saveSql=saveSql.replace(/ON CONFLICT.*/s,'');
  const ins=d.prepare('insert into h values(?,?,?,?,?,?,?,?,?,?,?,?,?)'), save=d.prepare(saveSql), app=d.prepare(h.append), last=d.prepare(h.lastEvent), tok=d.prepare('select token from sv_lock where id=1');
  const a=cpu();
  for(let i=1;i<=1000;i++){d.exec('begin immediate'); if(v.tok) tok.get(); d.exec(`create table t${i}(id integer primary key, a text)`);
    if(v.save) { const r=save.run(...rowValues(row(i,0)), v.nofence?1:0); if(r.changes!==1) throw new Error('x'); } else ins.run(String(i),String(i),'n'+i,`V${i}__n.sql`,'v1:'+'a'.repeat(64),'b'.repeat(64),1,'applied','r','u',1,1,'drop table t');
    if(v.app){ const l=last.get() as any; app.run(...eventValues({seq:(l?.seq??0)+1,at:1,runId:'r',actor:'u',action:'applied',id:String(i),detail:null,previousHash:'a'.repeat(64),hash:'b'.repeat(64)} as any),0); }
    d.exec('commit');}
  (res[name]??=[]).push(cpu()-a); d.close();
}
for(const [k,v] of Object.entries(res)) console.log(k.padEnd(14), v.sort((a,b)=>a-b)[2]!.toFixed(0));
